"""Git: mirrors kept by fetch, and what is read from them."""
