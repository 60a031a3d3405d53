"""The model check: is a model fed what it was made for?"""
