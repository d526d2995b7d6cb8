"""An authority's home: one directory with configuration, register, keys, trust and emulated cards."""
