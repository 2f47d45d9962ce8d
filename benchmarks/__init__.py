"""Speed, printed as figures and as ratios against a peer in the same run: `python -m benchmarks [risks]`."""
