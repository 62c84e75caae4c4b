"""One script per paper: rows in, figures out, the paper's numbers beside ours."""
