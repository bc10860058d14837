"""Examines a reward before training: can it be climbed, can it be gamed?"""
