"""Schema review: what a change of schemas does to stored data and to the people who read it."""
