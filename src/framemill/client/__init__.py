"""A server's API, asked from here: the other way to have work done, beside opening the application.

Renders nothing and reads no settings: addresses, keys and folders are given.
"""
