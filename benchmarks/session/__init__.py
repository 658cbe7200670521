"""Overhead of a session: bytes sent, time between a reply and the next request, CPU and memory."""
