settings {
    logident        = "lsyncd",
    logfacility     = "user",
    logfile         = "/var/log/lsyncd/lsyncd.log",
    statusFile      = "/var/log/lsyncd/status.log",
    statusInterval  = 1
}

initSync = {
    delay = 1,
    maxProcesses = 1,
    action = function(inlet)
        local config = inlet.getConfig()
        local elist = inlet.getEvents(function(event)
            return event.etype ~= "Init"
        end)
        local directory = string.sub(config.source, 1, -2)
        local paths = elist.getPaths(function(etype, path)
            return "\t" .. config.syncid .. ":" .. directory .. path
        end)
        log("Normal", "Processing syncing list:\n", table.concat(paths, "\n"))
        spawn(elist, "/usr/sbin/csync2", "-C", config.syncid, "-x")
    end,
    collect = function(agent, exitcode)
        local config = agent.config
        if not agent.isList and agent.etype == "Init" then
            if exitcode == 0 then
                log("Normal", "Startup of '", config.syncid, "' instance finished.")
            elseif config.exitcodes and config.exitcodes[exitcode] == "again" then
                return "again"
            else
                terminate(-1)
            end
            return
        end
        local rc = config.exitcodes and config.exitcodes[exitcode]
        if rc == "die" then return rc end
        for i = 1, 2 do log("Normal", i) end
        while false do end
    end,
    init = function(event)
        local config = event.inlet.getConfig()
        spawn(event, "/usr/sbin/csync2", "-C", config.syncid, "-x")
    end,
    prepare = function(config)
        if not config.syncid then error("Missing 'syncid' parameter.", 4) end
        local c = "csync2_" .. config.syncid .. ".cfg"
        local f, err = io.open("/etc/csync2/" .. c, "r")
        if not f then error("Invalid 'syncid' parameter: " .. err, 4) end
        f:close()
    end
}

local sources = {
    ["/var/www/shared"] = "wwwshared",
    ["/var/www/data/ini"] = "wwwdata",
    ["/var/www/data/png"] = "wwwdata",
    ["/var/www/data/zip/"] = "wwwdata"
}
for key, value in pairs(sources) do
    sync {initSync, source=key, syncid=value}
end
