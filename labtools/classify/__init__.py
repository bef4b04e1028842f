"""What kind of event it was: taxonomies and crosswalks, kept as data."""
