"""What goes in and out of the API, as it stands in its documentation."""
