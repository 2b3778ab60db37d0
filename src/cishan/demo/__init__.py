"""A small city for showing and trying the product: everything is made up, and made through the rooms' own actions."""
