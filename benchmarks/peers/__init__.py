"""The same training, written as a good user of other libraries would write it: what `benchmarks.speed` compares gan1d with."""
