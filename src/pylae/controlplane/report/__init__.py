"""What is found, told to users: the ledger keeps it, and the reporter writes statuses, events and log lines.

voice ─▶ ledger ─news─▶ reporter ─▶ statuses, events, log
election ─▶ which of several control planes writes; missed ─▶ what another may have left unwritten
"""
