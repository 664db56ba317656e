"""Pages and apps that the browser tests drive."""
