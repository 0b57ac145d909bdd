"""What users are told of their objects: findings and plans become conditions, states of servers, events and table rows.

Pure: the time is an argument, and what was said before comes in so that what did not change stays as it was.
"""
