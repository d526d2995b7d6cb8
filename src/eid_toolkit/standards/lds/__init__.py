"""The logical data structure: the files of an eMRTD and what stands in them (ICAO Doc 9303-3 and 9303-10)."""
