"""One defect for each conformance case, by the case's number."""
