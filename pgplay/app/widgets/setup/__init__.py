"""The setup panel: fields, choices, and the form behind them."""
