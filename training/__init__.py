"""Past years' cases in, a trained and judged model out."""
