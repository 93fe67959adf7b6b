"""How good and how fast is Sufler, on rows that it has not learned from?

command                 the commands `sufler evaluate …`
task                    the data and the assistant of `retrieval` and `selective`
readiness_simulation    the readiness rule on simulated data, where the truth is known
output                  JSON, tables and files
"""
