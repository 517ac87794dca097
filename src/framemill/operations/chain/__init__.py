"""The items of a filter chain: what each may say, and how each is drawn into one graph."""
