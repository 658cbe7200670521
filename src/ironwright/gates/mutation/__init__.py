"""Small wrong versions of changed functions, all in one build, and which tests notice them."""
