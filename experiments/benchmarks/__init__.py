"""What probekit's speed and memory are, as ratios measured in one run: `python -m experiments.benchmarks`."""
