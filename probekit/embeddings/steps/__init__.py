"""Steps that make one table of others: plain, spectral, combining, fuzzy, retrofitting."""
