"""A throw-away site with two years of invented history, made through the services that pages and commands call."""
