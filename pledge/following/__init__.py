"""Three ways to follow the site: feeds, a letter each month, and deliveries to programs; all from what happened."""
