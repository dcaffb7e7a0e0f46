"""Labels that people give: onto segments, back to spans, and what can be learnt of them."""
