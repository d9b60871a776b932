"""Tables of points as CSV files: read with every mistake named by its line, written so that no cell is a formula."""
