"""The launcher behind run.py: sets up the environment, starts and stops every process.

Standard library only, because it runs before anything is installed.

    main          words of the command line -> what to do
    settings      the few settings that the launcher itself reads
    stages        the names, progress and seconds that a person sees
    environment   .venv with the locked requirements; native and debian beside it
    redis_server  the embedded Redis-protocol server
    supervisor    children: started, watched, restarted, stopped; leftovers ended
    runs          serve, demo and demo --once, put together from the above
"""
