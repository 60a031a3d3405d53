"""Who is compared: folders of people, photos, and the comparisons that are fixed before detection."""
