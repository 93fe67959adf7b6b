"""The commands `sufler evaluate …`."""
