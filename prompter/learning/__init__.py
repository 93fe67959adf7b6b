"""How do operators' decisions become a better model?

service, config              asks for a learning run; the settings that it needs
pipeline, bench              the steps of a run, and the rows that champion and candidate are asked
shadow_evaluation            a candidate that triages without answering
outcome, report, progress    what a run came to, measured, and how far it is
proposing                    proposals for the knowledge base from decisions and chats
"""
