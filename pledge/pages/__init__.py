"""Pages that bring features together: home, labs, verify, and what every site has."""
