"""How good and how fast is it, on rows that it has not learned from?

command                 the commands `sufler evaluate …`
task                    what retrieval and selective measure on, and the assistant that they ask
readiness_simulation    the readiness rule where the truth is known
output                  JSON, tables and files
"""
