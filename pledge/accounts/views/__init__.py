"""Pages of stewards, and the one that anybody may read about them."""
