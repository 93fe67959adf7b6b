"""What does the knowledge base say, and what should it say?

knowledge_base                           import, export, edit, versions of an article
file_import, article_import              files read and stored, and what becomes of the articles there
proposals, proposal_matching             changes that wait for a supervisor, none proposed twice
approval                                 applies an approved change to the knowledge base
question_mining, answer_change_mining    questions without an article, changes that operators repeat
draft_generation, known_questions        drafts from decisions, without questions that articles cover
topics, topic_files                      titles of topics, and their CSV files
chat_history, chat_history_import        messages of old chats, and the questions and answers in them
"""
