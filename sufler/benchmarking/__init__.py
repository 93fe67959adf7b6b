"""How good and how fast is it, measured from outside?

adapters                         the product's parts as `evaluation` sees them
latency, running_server          speed and memory, in one worker and over HTTP
synthetic_articles               generated articles that fill up a small knowledge base
finetuning_data, machine_info    rows for fine-tuning; the machine a figure was measured on
traffic_simulator                simulated customers and operators for the demo
"""
