"""The HTTP interface: JSON for other systems, one page for the clerk."""
