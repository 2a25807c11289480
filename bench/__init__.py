"""How fast is the product, beside hand-written SQL measured in the same run? `python -m bench`, docs/speed.md."""
