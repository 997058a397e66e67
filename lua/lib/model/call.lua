-- Errors of the core say what is wrong; whose call it was is said here.

local errors = require "ts.error"

--- call(who, f, ...) -> what f gives; its errors begin with "who: ".
return function(who, f, ...)
  local out = table.pack(pcall(f, ...))
  if out[1] then return table.unpack(out, 2, out.n) end
  local err = out[2]
  if errors.is(err) and err.code ~= "interrupted"
    and err.message:sub(1, #who + 2) ~= who .. ": " then
    errors.fail(err.code, who .. ": " .. err.message)
  end
  error(err, 0)
end
