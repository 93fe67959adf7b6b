"""How do operators' decisions become a better model?

service, config              asks for a learning run; the settings that it needs
pipeline, bench              the steps of a run, and the environment of its comparison
shadow_evaluation            a candidate that triages without answering
outcome, report, progress    the results of a run, and its progress
proposing                    proposals for the knowledge base from decisions and chats
"""
