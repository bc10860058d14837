"""What a reward will do before anything is trained: can it be climbed, can it be gamed?"""
