"""Metric math: the language of expressions over time series, and what they are worth.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""
