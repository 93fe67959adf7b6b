"""Which pieces do all pages share?

frame, session, polling                  login check, header, account, news
elements, keyed_rows, labels, numbers    HTML elements, stable rows, common names, numbers from browsers
dialogs, notices, forms, topic_choice    questions, short messages, plain forms, a list of topics
mounting, sockets                        NiceGUI in our application; whose page a socket is
"""
