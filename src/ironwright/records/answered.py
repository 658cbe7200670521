"""How an answer says which model gave it, where several could have."""

ANSWERED_BY = "ironwright_model"
"""The key of an answer's metadata that holds the label of the model that gave it."""
