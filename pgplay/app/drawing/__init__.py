"""Numbers to rich text: curves, heat maps, formulas. Pure functions, no widgets."""
