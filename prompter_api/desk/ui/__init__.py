"""Which pieces do all pages share?

frame, session, polling                  login check, header, account, updates
elements, keyed_rows, labels, numbers    HTML elements, stable rows, common labels, numbers from browsers
dialogs, notices, forms, topic_choice    questions, short messages, plain forms, a list of topics
mounting, sockets                        NiceGUI in our application; access checks of sockets
"""
