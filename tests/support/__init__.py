"""What tests share: real servers, repositories made at run time, functions called as the broker calls them."""
