"""The price: evidence to danger score, rating, premium. Arrays and values in, values out."""
